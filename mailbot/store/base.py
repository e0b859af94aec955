"""Declare the base class of the tables and the names of their constraints."""

from sqlalchemy import MetaData
from sqlmodel import SQLModel

NAMING_CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(SQLModel):
    """The base class of all tables."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    # Statements use the tables and no instances, so the validators of instances are never needed.
    model_config = {"defer_build": True}

"""Import and export the schools of a configuration as a table (CSV), for spreadsheet programs.

`reading` makes rows of a file, and `columns` knows the settings behind the columns. `changes` compares a row
with a school. `toml_text` edits TOML. `importing` plans and checks all changes, and `writing` writes the
files.
"""

from mailbot.school_table.exporting import export_table
from mailbot.school_table.importing import ImportPlan, plan_import
from mailbot.school_table.reading import TableError
from mailbot.school_table.writing import write_plan

__all__ = ["ImportPlan", "TableError", "export_table", "plan_import", "write_plan"]

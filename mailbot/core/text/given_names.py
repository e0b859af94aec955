"""Common given names in the schools' languages, by which a line is recognised as the name of a person.

German nouns begin with a capital letter, as names do, so that only a known name differs from a thing.
Names that are words as well ("Ernst", "Rosa", "Mark", "Heide", "Alexa") are not among them.
"""

from mailbot.core.text.words import fold

_GIVEN_NAMES = frozenset(
    """
    achim adam adrian agnes alex alexander alexandra alexej ali alice alina amelie amir amy ana anastasia
    andrea andreas andrzej angela angelika anja anna anne annette annika antje anton antonia antonio arne
    astrid axel ayse barbara bastian beate beatrice ben benjamin bernd bernhard bettina birgit bjoern
    brigitte britta camille carina carla carlos carmen carola caroline catherine charlotte chloe christa
    christian christiane christina christine christoph christopher claire clara claudia clemens constanze
    cornelia dagmar daniel daniela david deniz detlef diana dieter dietmar dirk dominik doris dorothea
    edith elena elif elisa elisabeth elke ella emil emilia emily emma emre erik erika eva evelyn ewa
    fabian fatma felix ferdinand finn florian francesca franziska frederik friederike friedrich gabi
    gabriele georg gerd gerhard gisela giulia giovanni guenter guido gustav hakan hanna hannah hannelore
    hannes hans harald hassan hatice heike heiko heiner heinz helena helga hendrik henning henrik herbert
    holger horst hubert hugo ibrahim ilona ilse imke ina ines inga inge ingo ingrid irene irina isabel
    isabella isabelle ivan jakob james jan jana janina jannik jasmin jean jennifer jens jessica joachim
    joana jochen johann johanna johannes john jonas jonathan joerg jose josef josefine juan judith julia
    julian juliane jule julie juergen jutta kai karin karl karla karolina kathrin katarzyna katharina
    katja katrin kerstin kevin kim kirsten klara klaus konrad kristin kristina krzysztof kurt lara larissa
    lars laura lea lena leon leonie leyla lilly lina linda lisa lorenz louis louise luca lucas lucia lucie
    ludwig luis luisa lukas lutz lydia magdalena maik maja malte manfred manuel manuela marc marcel marco
    marek margarete maria marianne marie marina mario marion marius markus marlene marta martha martin
    martina mathilde matteo matthias max maximilian mehmet melanie merle mia micha michael michaela michel
    miriam mohamed mohammed monika monique moritz murat mustafa nadia nadine nadja natalia natalie nele
    niklas nico nicole nikolaus nils nina noah nora norbert ole oleg oliver olivia oskar patricia patrick
    paul paula pauline pedro peter petra philipp pierre piotr rafael rainer ralf ramona raphael rebecca
    regina reinhard renate ricarda richard rita robert roland rolf roman ronja rudolf ruth sabine sabrina
    samuel sandra sara sarah saskia sebastian selin selma sibylle silke silvia simon simone sina sofia
    sofie sonja sophia sophie stefan stefanie steffen stephan stephanie susanne sven svenja svetlana
    swetlana tamara tanja tatjana theo theresa thomas thorsten till tilman tim timo tina tobias tom torben
    torsten udo ulf ulrich ulrike ursula ute uwe valentin valentina vanessa vera verena veronika viktor
    viktoria vincent volker walter werner wiebke wilhelm wolfgang yannick yasmin yusuf yvonne zeynep zofia
    """.split()  # noqa: SIM905 - as in thanks.py
)


def is_given_name(word: str) -> bool:
    """Return whether a word is a common given name; of "Karl-Heinz" the first part must be one."""
    return fold(word.partition("-")[0].strip(".")) in _GIVEN_NAMES

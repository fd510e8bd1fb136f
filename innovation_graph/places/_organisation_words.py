"""Words of organisations' names in several languages and abbreviations, brought to one form each."""

from functools import lru_cache

__all__ = ["FILLERS", "FORMS", "HEADS", "canonical"]

_FILLERS = """
of the and for in at on a an to by with de del della dello dei degli delle dell di da do dos das la le les los
las lo il i el des du d l et y e und der die den dem fur zu zur zum van voor het een och og av af na w we z ze v
ve u al ul studi stiintele pentru si
"""
FILLERS = frozenset(_FILLERS.split())
"""Words that never tell organisations apart: names gain and lose them in translation."""

# The common form, then the words and abbreviations (also those of Web of Science) that stand for it; a line set in
# goes on with the one before.
_SAME = """
academy acad academia accademia academie akademie akademia akademi akademija akademiya academies
administration adm admin administracion
advanced adv
affiliated affiliate affil
aerospace aerosp
agriculture agr agric agricultural agraria agrario agricola agronomic agronomy agrarian agricoltura
  agronomique agri
american amer
analysis anal
applied appl angewandte aplicada aplicadas applicata appliquee appliquees aplicado
arts art artes
association assoc associacao asociacion associazione
autonomous autonoma autonome
biology biol biological biologia biologica biologie biologique
biomedicine biomed biomedical biomedica biomedico
biotechnology biotechnol biotechnological biotecnologia
bureau bur
business busn
california calif
cancer canc oncology oncol oncological oncologia oncologico cancerologia
catholic catolica cattolica catholique katholieke katholische katolicki catolico
center centre ctr centro zentrum centrum centr zentren centar centrul tsentr
central cent centrale zentrale
chemistry chem chemical chimie chimica quimica chemie
children childrens pediatric pediat paediatric child bambino
clinic clin clinical clinica klinik clinique kliniken
college coll collegium colegio collegio collage
commission commiss comision
computing comp comput computer computation computational
conservation conservat
control contr
council counc consejo consiglio conseil conselho
development dev dezvoltare
defence defense def
department dept dep departamento dipartimento departement deptartment
design des
diabetes diabet
disease dis
district dist
ecology ecol ecological
economics econ economic economica economiche economicas economy economique economie ekonomi wirtschaft
education educ educational educacion educacao
electronics elect electronic elektronik
energy energet energies energia
engineering engn eng ingenieria engenharia ingegneria ingenierie ingineering
environment environm environmental ambiental ambiente environnement umwelt
experimental exptl expt
faculty fac facultad faculdade facolta faculte fakultat
federal fed federale
forest forestry foresty
foundation fdn fundacion fundacao fondazione fondation stiftung fundacja
general gen generale
geology geol geological geologia
geography geog geographical
government govt govern
graduate grad
group grp
health hlth salud saude sante salute gesundheit
hospital hosp ospedale hopital krankenhaus ziekenhuis hospitals spital ospedaliera ospedaliero hospitalier
  klinikum szpital bolnica hospitalar hospitaller ospedali sykehus sjukhus sygehus
humanities human humanistic
immunology immunol
industry ind industrial industriale
infection infect infectious
information informat informatics informatica informatique informatik
innovation innovat
institute inst instituto istituto institut institutul instytut institution intezet institutt
integrated integrat
international int intl internacional internazionale internationale
laboratory lab laboratorio laboratoire labs laboratoriet labor laboratorium
language lang
library libr
management mgmt gestion
material mat materiaux
mathematics math mathematical maths matematica mathematique mathematik matematicas
mechanics mech mechanical
medicine med medical medizinische medizin medicina medico medica medicale medecine medicinal medyczny medisch
  medizinischen medicas medicals
memorial mem
metallurgy met metallurgical
meteorology meteorol meteorological
microbiology microbiol
military mil
mining min
ministry minist ministerio ministero ministere
molecular mol
national natl nacl nacional nazionale nationale nationales nat
nature natural naturelle naturali
neuroscience neurosci
nuclear nucl nucleaire nucleare
nursing nurs
ocean oceanography oceanog oceanographic oceanology
organisation organization org organizacion
pharmacy pharm pharmaceutical pharmaceut pharmaceutics pharma farmacia
physics phys physical physik fisica physique
policy politica
politics polit political
polytechnic polytech politecnico politecnica polytechnique politehnica politechnika polytechnical politecnic
prevention prevent
psychiatry psychiat psychiatric
psychology psychol psychological psicologia
public publ publique publica
quality qual
radiation radiat
regional reg regionale
rehabilitation rehabil
research res recherche recherches rech investigacion investigaciones ricerca ricerche pesquisa pesquisas
  forschung investigacao cercetare
royal roy
school sch scuola escuela ecole escola schule hochschule hogskola hgsk hogskolen hogeschool hogskole szkola
science sci ciencias ciencia scienze scientific wissenschaft wissenschaften sciencias scientifique cientifica
  cientificas
service serv
society soc sociedad
social sociale
south sud
state statale
statistics stat statistical
strategy strateg
surgery surg
sustainable sustainabil sustainability
system syst sistema
technical tech tecnica tecnico technische technique techniczna tehnica tekniska teknisk technion teknik
technology technol tecnologia tecnologico technologie technologique technological tecnologica technologiczny
  teknologi
telecommunication telecommun
theory theoret theoretical
traditional tradit
transportation transport
tropical trop
university univ universita universitat universitaet universite universidad universidade universiteit
  universitet universitetet uniwersytet univerzita univerzitet univerza sveuciliste universitas universiti
  universitatea egyetem yliopisto ulikool universitesi universitair univeristy universitaria universitario
  universitaire universities
veterinary vet veterinaria
women womens
"""

_LINES = _SAME.strip().replace("\n  ", " ").splitlines()
_FORM = {word: words[0] for words in map(str.split, _LINES) for word in words}

FORMS = frozenset(_FORM.values())
"""The common forms themselves."""

_HEADS = """
academy center clinic college company council department faculty foundation hospital institute laboratory
ministry museum school university polytechnic
"""
HEADS = frozenset(_HEADS.split())
"""Words that say what kind of organisation a name stands for."""


@lru_cache(maxsize=1 << 16)
def canonical(word: str) -> str:
    """Bring a folded word to its common form: translated, spelled out, without the ending of the plural.

    Parameters
    ----------
    word : str
        A folded word.

    Returns
    -------
    str
        Its common form; the word itself if it is not in the table.

    Examples
    --------
    >>> canonical("universitat"), canonical("natl"), canonical("technologies"), canonical("paris")
    ('university', 'national', 'technology', 'paris')
    """
    known = _FORM.get(word)
    if known:
        return known
    return _FORM.get(f"{word[:-3]}y" if word.endswith("ies") else word.removesuffix("s"), word)

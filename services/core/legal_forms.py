"""Legal forms of companies in the Union and its usual trading partners, as `names` reduces words.

Dots and accents are gone already: `S.à r.l.` is `sarl`, `A/S` is `as`, `OÜ` is `ou`.
"""

from typing import Final

_ENDINGS = """
    nv sa bv bvba sprl srl cv cvba scrl vof snc vzw asbl commv scomm secs sca
    gmbh ggmbh mbh gesmbh ag kg kgaa ohg og ug gbr eg ek ev aktiengesellschaft
    se sce eeig gie ewiv
    sas sasu sarl sarls eurl sci scop
    spa srls sapa scarl sagl
    sl slu sll slne sau slp scoop lda ltda unipessoal sgps
    ab hb kb aktiebolag aps as asa ans da nuf ivs ps ks oy oyj ky ay
    ou uu tu mtu sia ik uab mb
    sro vos zs kft zrt nyrt bt kkt
    sp zoo psa spk spj
    doo dd dno kd jdoo ad ead eood ood et
    srld pfa
    ae epe ike oe ee monoprosopi
    ltd limited plc llp lp cic dac clg uc teo teoranta cpt
    inc incorporated corp corporation co company companies llc pllc lc
    pvt private pte pty sdn bhd berhad tbk jsc pjsc ojsc cjsc tnhh kk gk
    ooo oao zao pao ao odo tov prat pat too
    sti sirketi fze fzco fzc fzllc wll bsc saog qsc eirl
    ооо оао зао пао ао одо ип тов прат пат еоод оод ад еад ет тоо доо
    αε επε ικε οε εε λτδ
"""
_OPENINGS = "nv bv sa ab as uab sia ooo oao zao pao ao tov pt cv ооо оао зао пао ао ип тов прат пат тоо"

ENDINGS: Final = frozenset(_ENDINGS.split())
"""Words that close a name without being part of it."""

OPENINGS: Final = frozenset(_OPENINGS.split())
"""Words that open one."""

PHRASES: Final = tuple(
    tuple(phrase.split())
    for phrase in (
        "sa de cv",
        "sab de cv",
        "sapi de cv",
        "s de rl de cv",
        "s de rl",
        "sp z oo",
        "sp zoo",
        "sp k",
        "sp j",
        "spol sro",
        "s coop",
        "comm v",
        "naamloze vennootschap",
        "besloten vennootschap",
        "societe anonyme",
        "gesellschaft mit beschrankter haftung",
        "joint stock company",
        "limited liability company",
        "anonim sirketi",
        "limited sirketi",
        "sociedad anonima",
        "sociedade anonima",
        "societa per azioni",
    )
)
"""Several words that close a name together."""

UNSPACED: Final = (
    "股份有限公司",
    "有限责任公司",
    "有限責任公司",
    "有限公司",
    "株式会社",
    "株式會社",
    "有限会社",
    "合同会社",
    "주식회사",
    "유한회사",
)
"""Written against the name, before or behind it."""

_GENERIC = """
    trading trade trader traders international global world worldwide general national group holding holdings
    industry industries industrial enterprise enterprises import imports export exports impex commercial commerce
    business service services product products equipment supply supplies solution solutions system systems
    technology technologies tech engineering machinery machines manufacturing works factory production
    and of the de la der die das und et
"""
GENERIC: Final = frozenset(_GENERIC.split())
"""Words that so many names hold that they say little of who it is."""

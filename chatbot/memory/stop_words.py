"""Words that say nothing, or little, about what a question is about, in six languages; folded, as `fold` does."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STOP = _words(
    """
    a an the this that these those there here and or but nor so if then than as of at by for from in into on onto to up
    with without about over under after before between during again off out through until while against
    i me my mine myself we us our ours you your yours he him his she her hers it its they them their theirs who whom
    whose which what when where why how is am are was were be been being do does did doing done have has had having can
    could may might must shall should will would s t d ll m re ve don didn doesn isn aren wasn won can not no yes please
    just only also too very more most some any all both each few other such own same now ever never always still yet
    let lets hey hi hello ok okay thanks thank

    der die das den dem des ein eine einen einem einer eines und oder aber wenn dann als wie zu zum zur von vom im in an
    am auf aus bei mit nach seit vor uber unter ohne um durch fur gegen ich mich mir mein meine meinen meinem meiner
    meines du dich dir dein deine deinen deinem deiner er ihn ihm sein seine seinen seinem seiner sie ihr ihre ihren
    ihrem ihrer es wir uns unser unsere unseren unserem unserer euch euer eure wer wen wem wessen was welche welcher
    welches welchen welchem wann wo warum wieso wohin woher ist bin bist sind seid war waren warst sei gewesen werde
    wird werden wurde wurden habe hast hat haben hatte hatten kann kannst konnen konnte muss mussen soll sollte sollen
    will wollen wollte darf durfen nicht kein keine keinen nein ja bitte auch nur noch schon sehr mehr mal denn doch da
    dass ob man sich hier dort diese dieser dieses diesen jetzt immer nie wieder danke hallo hab gibt

    el la los las lo un una unos unas y e o u pero si no que cual cuales quien quienes cuando donde como cuanto cuanta
    cuantos por para con sin sobre entre desde hasta de del al a en yo me mi mis mio tu te ti tus usted ustedes su sus
    nos nosotros nuestro nuestra nuestros nuestras le les se es soy eres son somos era eran fue fueron ser estar esta
    estoy estan estaba he has ha hemos han habia hay tengo tiene tenia puedo puede muy mas menos tambien solo ya aun
    este ese esa esto eso aquel aqui alli porque favor gracias hola

    les l une et ou mais ni car de du au aux dans sur sous avec sans pour par chez vers entre je j moi mon ma mes tu toi
    ton ta tes il elle on nous notre nos vous votre vos ils elles leur leurs ce cet cette ces c d qu qui que quoi quel
    quelle quels quelles quand ou comment pourquoi combien est suis es sommes etes sont etait etaient ete etre ai as a
    avons avez ont avait avais avoir peux peut puis-je faut ne n pas non oui plus moins tres aussi encore deja toujours
    jamais y en se sa son ses s t m il-y-a merci bonjour svp plait
    """
)
"""No term of a question."""

WEAK = _words(
    """
    name names called call favorite favourite like likes liked love best good great kind type sort thing things stuff
    know knows tell told say said says remember remind recall talk talked discuss discussed mention mentioned decide
    decided decision agree agreed think thought help make makes made making need needs want wants wanted get got give
    go going gone went come came take took use used using work works write wrote explain describe show find found look
    much many long often old new day days time times week weeks month months year years today tomorrow yesterday last
    next ago first last one two three people person way lot really please question answer again earlier previous
    conversation chat recently plan plans planned idea ideas list short example
    monday tuesday wednesday thursday friday saturday sunday
    january february march april may june july august september october november december

    name namen heisst heissen hiess lieblings liebste mag mogen gern gerne gut beste art ding sache weiss weisst sag
    sage sagen gesagt erzahl erzahlt erinner erinnerst erinnern gesprochen besprochen erwahnt entschieden beschlossen
    entscheiden abgemacht denke denken hilf helfen mach mache machen macht gemacht brauche braucht geh gehe gehen geht
    komm kommen nehmen schreib schreibe schreiben erklar erklare erklaren zeig zeige finden viel viele lange oft alt
    neu tag tage zeit woche wochen monat monate jahr jahre heute morgen gestern letzte letzten letzter letztes nachste
    nachsten vor erste eins zwei drei leute mensch frage antwort kurz beispiel plan
    montag dienstag mittwoch donnerstag freitag samstag sonntag
    januar februar marz mai juni juli oktober dezember

    nombre llama llamo llaman favorito favorita gusta gustan bueno buena mejor tipo cosa cosas sabes saber dime di decir
    dijo dije dijimos recuerdas recuerda recordar hablamos hablar mencione decidimos decidir acordamos pienso ayuda
    ayudame hacer hago hace hizo hicimos necesito quiero quieres ir voy va fui venir tomar usar trabajo escribe escribir
    explica explicar muestra encontrar mucho mucha muchos tiempo viejo nuevo dia dias hora semana semanas mes meses ano
    anos hoy manana ayer pasado pasada proximo proxima primero uno dos tres gente persona pregunta respuesta corto
    ejemplo plan lunes martes miercoles jueves viernes sabado domingo
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre

    nom prenom appelle appelles prefere preferee aime aimes bon bonne meilleur genre chose choses sais savoir dis dire
    dit souviens souvenir rappelle rappeler parle parler parlions mentionne decide decider convenu pense aide aider fais
    fait faire faut besoin veux voudrais aller vais va alle venir prendre utiliser travail ecris ecrire explique
    expliquer montre trouver beaucoup longtemps vieux nouveau jour jours heure heures temps semaine semaines mois an
    annee annees aujourd hui demain hier dernier derniere prochain prochaine premier un deux trois gens personne
    question reponse court exemple plan lundi mardi mercredi jeudi vendredi samedi dimanche
    janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre

    名 名前 名字 日 月 年 時 人 今日 明日 昨日 先週 先月 去年 来週 今週 毎週 話 言 好 一番 何曜 曜日 時間 質問 答 説明
    教 覚 決 思 書 今天 明天 昨天 上周 上个 下周 星期 时间 知道 告诉 记得 说过 喜欢 觉得 决定 最喜 帮忙 解释 介绍 写一
    一个 一些 问题 回答 例子 曜
    """
)
"""Terms that count only beside others, or if a question has no others."""

STOP_CHARACTERS = (
    "我你您他她它们的了吗呢吧啊是在有和与跟就都也很不没这那哪什么怎样谁几个把被给让请上下次过得地着为以从对到会能可要想"
    "私僕俺君彼何誰"
)
"""Chinese words of one character, and Japanese pronouns. Words end there."""

FIRST_PERSON = _words(
    """
    my our mein meine meinen meinem meiner meines unser unsere unseren unserem unserer mi mis nuestro nuestra nuestros
    nuestras mon ma mes notre nos
    """
)
"""What follows one of these is the visitor's own."""

FIRST_PERSON_CHARACTERS = ("我的", "我们的", "我家", "私の", "うちの", "僕の", "俺の")

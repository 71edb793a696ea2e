/** Short forms of given names, folded, both ways. Our own list. */

const GROUPS =
  'william bill billy will liam willy,robert bob rob bobby robbie,richard dick rick rich ricky,james jim jimmy jamie,john jack johnny jon,michael mike mick mickey,thomas tom tommy,charles charlie chuck,edward ed eddie ted ned,joseph joe joey,daniel dan danny,david dave,matthew matt,anthony tony,christopher chris,steven steve stephen,andrew andy drew,kenneth ken kenny,timothy tim,lawrence larry,gerald gerry jerry,nicholas nick nicolas nico,samuel sam,benjamin ben benji,alexander alex,patrick pat,peter pete,ronald ron,donald don,gregory greg,frederick fred frederic,elizabeth liz beth betty eliza lizzie elisabeth,margaret maggie meg peggy,katherine kate kathy katie catherine cathy,jennifer jen jenny,patricia pat patty tricia,susan sue susie,deborah deb debbie,barbara barb,rebecca becky,victoria vicky,christine chris tina,dorothy dot,pamela pam,sandra sandy,cynthia cindy,theresa terry tess,virginia ginny,' +
  'philippe phil,francois franck,alexandre alex,maximilien max,maxime max,benoit ben,guillaume guigui,sebastien seb,jeanpierre jp,jeanclaude jc,jeanmarie jm,jeanfrancois jf,jeanlouis jl,jeanjacques jj,jeanpaul jp,jeanmichel jm,stephane steph,stephanie steph,veronique vero,frederique fred,dominique dom,jacqueline jacquie,josephine josette,mariechristine mc,marietherese mt,emmanuel manu,emmanuelle manue,daniele dany,caroline caro,valerie val,nathalie nath,isabelle isa,sophie so,christophe chris,gabriel gaby,gabrielle gaby,elisabeth babeth,madeleine mado,marguerite margot,antoine toine,laurent lolo,laurence lolo'

export const NICKNAMES: ReadonlyMap<string, readonly string[]> = (() => {
  const by = new Map<string, string[]>()
  for (const group of GROUPS.split(',').map((one) => one.split(' ')))
    for (const name of group) by.set(name, [...(by.get(name) ?? []), ...group.filter((other) => other !== name)])
  return by
})()

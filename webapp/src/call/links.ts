// Which connections this page must have, and the one decision what to open and what to close. Pure.
//
// In: the plan and the people of the room, the links that are open. Out: `reconcile`'s answer. This
// is the only file of the web app that looks at the plan's mode; `links` is the twin of Links in
// node/room/links.go, and node/room/testdata/links.json binds the two.

import type { Plan, Settled } from './signal.gen';

/** One connection that a member must have. Exactly one of `far` and `relay` is set. */
export interface PlannedLink {
  far?: string; // a member
  relay?: string; // a relay node
  media: boolean; // false: opened ahead of need
  offer: boolean; // this page makes the offers
}

/** What is known of a member here. */
export interface End {
  peer: string;
  page: string;
  relay?: string;
}

/** Expands a plan: the links of one member, those with members first, sorted. */
export function links(plan: Plan, members: readonly Omit<End, 'page'>[], self: string): PlannedLink[] {
  const out: PlannedLink[] = [];
  if (plan.mode === 'mesh') {
    const far = members.map((member) => member.peer).filter((peer) => peer !== self);
    for (const peer of far.sort()) out.push({ far: peer, media: true, offer: self < peer });
  }
  const hub = plan.relays[0];
  if (hub !== undefined) {
    const own = members.find((member) => member.peer === self)?.relay;
    const relay = own !== undefined && plan.relays.includes(own) ? own : hub;
    out.push({ relay, media: plan.mode === 'relay', offer: true });
  }
  return out;
}

/** A link as it is wanted or open. Two of one key are the same link. */
export interface LinkName {
  far?: string;
  page?: string; // of the far member: after a reload it is another link
  relay?: string;
}

/** A wanted link. */
export type WantedLink = PlannedLink & LinkName;

/** What makes two links the same: the far end, and which load of its page. */
export function keyOf(name: LinkName): string {
  return name.relay === undefined ? `${name.far ?? ''} ${name.page ?? ''}` : `relay ${name.relay}`;
}

/** The links that the plan wants of this page. */
export function wantedLinks(plan: Plan, members: readonly End[], self: string): WantedLink[] {
  const pages = new Map(members.map((member) => [member.peer, member.page]));
  return links(plan, members, self).map((link) => {
    const page = link.far === undefined ? undefined : pages.get(link.far);
    return page === undefined ? link : { ...link, page };
  });
}

/** What decides how long a link stays that nobody wants any more. */
export interface Hold {
  epoch: number; // of the plan that is followed
  settled: Settled | undefined; // the newest word of the bridge
  members: readonly End[];
  self: string;
}

/** What is to be done. */
export interface Reconciled<Open> {
  open: WantedLink[];
  close: Open[];
}

/**
 * Compares what is wanted with what is open. This is the only decision where a connection is opened
 * or closed. A link that the plan no longer wants stays until the switch to this plan has settled,
 * and for those who were stuck then, until they are ready or gone.
 */
export function reconcile<Open extends LinkName>(
  wanted: readonly WantedLink[],
  open: readonly Open[],
  hold: Hold,
): Reconciled<Open> {
  const wants = new Map(wanted.map((link) => [keyOf(link), link]));
  const has = new Set(open.map(keyOf));
  return {
    open: [...wants.values()].filter((link) => !has.has(keyOf(link))),
    close: open.filter((link) => !wants.has(keyOf(link)) && !held(link, hold)),
  };
}

/**
 * Whether a link carries media: because the plan wants it to, or because it did for an older plan and
 * the switch has not settled. The others are held ready.
 */
export function carries(wanted: PlannedLink | undefined, did: boolean, hold: Hold): boolean {
  return wanted?.media === true || (did && unsettled(hold));
}

function unsettled({ epoch, settled }: Hold): boolean {
  return settled === undefined || settled.epoch < epoch || settled.stuck.length > 0;
}

function held(link: LinkName, hold: Hold): boolean {
  const { settled, members } = hold;
  if (link.far !== undefined && !members.some((one) => one.peer === link.far && one.page === link.page)) return false;
  if (settled === undefined || settled.epoch < hold.epoch) return true;
  if (settled.stuck.includes(hold.self)) return true;
  return link.far === undefined ? settled.stuck.length > 0 : settled.stuck.includes(link.far);
}

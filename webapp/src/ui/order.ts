// In which order the others stand, so that tiles stay where they are. Pure.
//
// In: who is there, who speaks, which places are in view. Out: the order. A newcomer comes last;
// somebody who speaks out of view changes places with one person in view who was silent the longest,
// and nobody else moves.

import { inOrder } from './person';
import type { Person } from '../call/state';

export interface Order {
  peers: readonly string[]; // one place each
  heard: readonly string[]; // who has spoken, the latest first
}

/** The order before anybody has come. */
export const nobody: Order = { peers: [], heard: [] };

/** The order without those who left, and with newcomers behind it by seat. */
export function seated(order: Order, people: readonly Person[]): Order {
  const others = inOrder(people).flatMap((person) => (person.self ? [] : [person.peer]));
  const there = new Set(others);
  const known = new Set(order.peers);
  const peers = [...order.peers.filter((peer) => there.has(peer)), ...others.filter((peer) => !known.has(peer))];
  const heard = order.heard.filter((peer) => there.has(peer));
  return same(peers, order.peers) && same(heard, order.heard) ? order : { peers, heard };
}

/** The order in which everybody who speaks stands within the places `from` to `to` (not included). */
export function keepInView(order: Order, from: number, to: number, speaking: readonly string[]): Order {
  const peers = [...order.peers];
  const heard = [...speaking, ...order.heard.filter((peer) => !speaking.includes(peer))];
  for (const peer of speaking) {
    const at = peers.indexOf(peer);
    if (at < 0 || (at >= from && at < to)) continue;
    const place = quietest(peers.slice(from, to), heard, speaking);
    if (place < 0) continue; // everybody in view speaks as well
    [peers[at], peers[from + place]] = [peers[from + place]!, peer];
  }
  return same(peers, order.peers) && same(heard, order.heard) ? order : { peers, heard };
}

/** Which of those in view may go: who never spoke or not for the longest time, the last place first. */
function quietest(inView: readonly string[], heard: readonly string[], speaking: readonly string[]): number {
  let found = -1;
  let longest = -1;
  for (const [place, peer] of inView.entries()) {
    if (speaking.includes(peer)) continue;
    const at = heard.indexOf(peer);
    const silent = at < 0 ? heard.length : at;
    if (silent >= longest) [found, longest] = [place, silent];
  }
  return found;
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((peer, at) => peer === b[at]);
}

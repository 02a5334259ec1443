// When this page is ready for a plan: the plan's links stand, and everything that is being sent to it by
// them has decoded there. Pure.

import type { WantedLink } from './links';
import type { Media } from './signal.gen';

/** The kinds that are waited for. A screen's sound is not: most screens have none. */
export const awaited = ['microphone', 'camera', 'screen'] as const;

/** What is known of a member here. */
export interface Sender {
  peer: string;
  self: boolean;
  present: boolean;
  media: Media;
}

/** What a wanted link is to bring: the kinds that its far end says it sends. */
export function expected(link: WantedLink, people: readonly Sender[]): { peer: string; kind: keyof Media }[] {
  if (!link.media) return [];
  return people
    .filter((person) => !person.self && person.present && (link.far === undefined || link.far === person.peer))
    .flatMap(({ peer, media }) => awaited.filter((kind) => media[kind] === 'on').map((kind) => ({ peer, kind })));
}

/** What is known of the links that the plan wants. */
export interface Links {
  connected(link: WantedLink): boolean;
  /** Whether one kind of one member has come on a link. */
  decoded(link: WantedLink, peer: string, kind: keyof Media): boolean;
}

/** Whether all of it is there. A link on which nobody sends has to stand too: they may speak when the old one is gone. */
export function isReady(wanted: readonly WantedLink[], people: readonly Sender[], links: Links): boolean {
  const reachable = ({ far }: WantedLink): boolean =>
    far === undefined || people.some(({ peer, present }) => peer === far && present);
  return wanted.every((link) =>
    (!link.media || !reachable(link) || links.connected(link))
    && expected(link, people).every(({ peer, kind }) => links.decoded(link, peer, kind)));
}

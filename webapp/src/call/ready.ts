// When this page is ready for a plan: everything that is being sent to it by that plan's links has
// decoded there. Pure.

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

/** Whether all of it is there. `decoded` answers for one kind of one member on one link. */
export function isReady(
  wanted: readonly WantedLink[],
  people: readonly Sender[],
  decoded: (link: WantedLink, peer: string, kind: keyof Media) => boolean,
): boolean {
  return wanted.every((link) => expected(link, people).every(({ peer, kind }) => decoded(link, peer, kind)));
}

// Makes the people of a room from its members. Pure.

import type { Media, Member } from './signal.gen';
import type { Input, Person, Pictures, Share } from './state';

/** Two pictures with nothing in them. */
export const noPictures: Pictures = { streams: [null, null], front: 0 };

// Joiners, selectors and the like: of use inside a name, but two names that differ in them alone look the same.
const unseen = /\p{Default_Ignorable_Code_Point}/gu;

/**
 * Brings members into the list of people. Whoever was there keeps label, pictures and reach; people
 * of one name are told apart by a number that stays theirs while they are in the room.
 */
export function peopleOf(members: readonly Member[], before: readonly Person[], self: string | undefined): Person[] {
  const known = new Map(before.map((person) => [person.peer, person]));
  const sorted = [...members].sort((a, b) => a.seat - b.seat);
  const taken = new Set<string>(); // labels as they look
  for (const { peer, name } of sorted) {
    const was = known.get(peer);
    if (was?.name === name) taken.add(lookOf(was.label));
  }
  return sorted.map((member) => {
    const was = known.get(member.peer);
    const keeps = was !== undefined && was.name === member.name;
    const label = keeps ? was.label : freeLabel(member.name, taken);
    taken.add(lookOf(label));
    return personOf(member, label, was, member.peer === self);
  });
}

// Of somebody who is away the bridge may remember less than was last heard here: a snapshot is older.
function personOf(member: Member, label: string, was: Person | undefined, self: boolean): Person {
  return {
    peer: member.peer,
    page: member.page,
    ...(member.relay ? { relay: member.relay } : {}),
    name: member.name,
    label,
    seat: member.seat,
    self,
    present: self || member.present,
    media: was && (self || !member.present) ? was.media : member.media,
    reach: self ? 'connected' : (was?.reach ?? 'connecting'),
    speaking: was?.speaking ?? false,
    held: was?.held ?? false,
    camera: was?.camera ?? noPictures,
    screen: was?.screen ?? noPictures,
  };
}

function freeLabel(name: string, taken: ReadonlySet<string>): string {
  let label = name;
  for (let n = 2; taken.has(lookOf(label)); n++) label = `${name} (${n})`;
  return label;
}

function lookOf(label: string): string {
  return label.replace(unseen, '');
}

/** What this page tells the others that it sends. */
export function mediaOf(microphone: Input, camera: Input, screen: Share): Media {
  return { microphone: sent(microphone), camera: sent(camera), screen: screen.status === 'on' ? 'on' : 'off' };
}

function sent(input: Input): 'on' | 'off' | 'none' {
  if (input.status === 'failed') return 'none';
  return input.status === 'on' && input.wanted ? 'on' : 'off';
}

/** Whether two lists of media say the same. */
export function sameMedia(a: Media | undefined, b: Media | undefined): boolean {
  return a?.microphone === b?.microphone && a?.camera === b?.camera && a?.screen === b?.screen;
}

// What a relay has put into this page's receiving slots, and whose it is. Pure.
//
// A slot's stream shows now this person and now that one, so a picture belongs to nobody until three
// things have come: the table names its owner, the relay says that it now carries them (`filled`), and
// a frame at least as new as that word has been delivered. Nobody's face appears under another's name.

import { type Kind, kinds } from './kinds';
import type { Seat, Told } from './relaycontrol';

/** A seat that is taken. */
export interface Taken extends Seat {
  since: number; // revision in which this member came to this slot
  filled?: number; // RTP timestamp of the first frame that is theirs; video only
}

/** What is known of the slots. */
export interface Board {
  members: ReadonlyMap<number, string>;
  revision: number;
  audio: readonly Taken[];
  video: readonly Taken[];
  known: ReadonlyMap<number, string>; // members, with those who have gone since
  left: readonly Taken[]; // video seats that were given up, as long as nobody else has their slot: it keeps the last picture
}

/** Before the relay has said anything. */
export const emptyBoard: Board = { members: new Map(), revision: 0, audio: [], video: [], known: new Map(), left: [] };

/** Takes in what the relay says. What is not about slots changes nothing. */
export function heed(board: Board, told: Told): Board {
  switch (told.type) {
    case 'members':
      return withMembers(board, new Map(told.members.map(({ number, id }) => [number, id])));
    case 'table': {
      if (told.revision <= board.revision) return board;
      const keep = (before: readonly Taken[], now: readonly Seat[]): Taken[] =>
        now.map((seat) => before.find((was) => sameSeat(was, seat)) ?? { ...seat, since: told.revision });
      const video = keep(board.video, told.video);
      return { ...board, revision: told.revision, audio: keep(board.audio, told.audio), video, left: leftOf(board, video) };
    }
    case 'filled':
      return {
        ...board,
        video: board.video.map((seat) => (sameSeat(seat, told) ? { ...seat, filled: told.timestamp } : seat)),
      };
    default:
      return board;
  }
}

function withMembers(board: Board, members: ReadonlyMap<number, string>): Board {
  const another = ({ member }: Seat): boolean => members.has(member) && members.get(member) !== board.known.get(member);
  return { ...board, members, known: new Map([...board.known, ...members]), left: board.left.filter((seat) => !another(seat)) };
}

// Whom the relay takes off for a moment, because their page connects anew, is seen as they were last until they are back.
function leftOf(board: Board, video: readonly Taken[]): Taken[] {
  const gone = board.video.filter((was) => !video.some((is) => sameSeat(is, was) && is.since === was.since));
  const before = board.left.filter((was) => !gone.some(({ slot }) => slot === was.slot));
  return [...before, ...gone].filter((was) => !video.some((is) => is.slot === was.slot && !sameSeat(is, was)));
}

function sameSeat(a: Seat, b: Seat): boolean {
  return a.slot === b.slot && a.member === b.member && a.kind === b.kind;
}

/** Whose a seat is, in the words of the rest of the page; null while the relay has not said. */
export function ownerOf(board: Board, seat: Seat): { peer: string; kind: Kind } | null {
  const peer = board.members.get(seat.member);
  const kind = kinds[seat.kind];
  return peer === undefined || kind === undefined ? null : { peer, kind };
}

/** Whose a seat was that was given up: they may not be a member of the relay at present. */
export function leaverOf(board: Board, seat: Seat): { peer: string; kind: Kind } | null {
  const peer = board.known.get(seat.member);
  const kind = kinds[seat.kind];
  return peer === undefined || kind === undefined ? null : { peer, kind };
}

/** The number of a member; undefined while the relay does not know them. */
export function numberOf(board: Board, peer: string): number | undefined {
  for (const [number, id] of board.members) if (id === peer) return number;
  return undefined;
}

/** A frame or sound that a receiver has delivered (RTCRtpSynchronizationSource, RTCRtpContributingSource). */
export interface Delivered {
  source: number;
  timestamp: number; // ms, when
  rtpTimestamp: number;
}

/** Whether what a video slot shows is its owner's. `latest` is the newest frame that it delivered. */
export function isShown(seat: Taken, latest: Delivered | null): boolean {
  if (seat.filled === undefined || latest === null) return false;
  return (latest.rtpTimestamp - seat.filled) >> 0 >= 0; // the difference wraps as the timestamps do
}

/** The newest of what was delivered. */
export function newest(all: readonly Delivered[]): Delivered | null {
  return all.reduce<Delivered | null>((best, one) => (best === null || one.timestamp > best.timestamp ? one : best), null);
}

/** How many slots a page offers. */
export interface Count {
  audio: number;
  video: number;
}

// Each offer costs a round trip and a moment of the processor, so slots are added in steps. A
// description with many more would not fit into one message of the bridge.
const videoSteps = [3, 6, 9, 16, 25];
const audioSteps = [3, 6, 9, 12];

/** The slots to have, given those there are. They never become fewer. */
export function grown(has: Count, wanted: Count): Count {
  const step = (steps: readonly number[], n: number): number => steps.find((one) => one >= n) ?? steps.at(-1) ?? n;
  return {
    audio: Math.max(has.audio, step(audioSteps, wanted.audio)),
    video: Math.max(has.video, step(videoSteps, wanted.video)),
  };
}

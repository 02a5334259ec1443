import { describe, expect, it } from 'vitest';
import type { Seat, Told } from './relaycontrol';
import { type Board, type Taken, emptyBoard, grown, heed, isShown, leaverOf, newest, numberOf, ownerOf } from './slots';

const members: Told = { type: 'members', members: [{ number: 1, id: 'ann' }, { number: 2, id: 'bob' }] };
const seat = (slot: number, member: number, kind = 1): Seat => ({ slot, member, kind });
const table = (revision: number, video: Seat[], audio: Seat[] = []): Told => ({ type: 'table', revision, audio, video });
const filled = (slot: number, member: number, timestamp: number, kind = 1): Told => ({ type: 'filled', ...seat(slot, member, kind), timestamp });
const play = (...all: Told[]): Board => all.reduce(heed, emptyBoard);
const first = (board: Board): Taken => board.video[0]!;

describe('the board', () => {
  it('knows people by what the relay calls them', () => {
    const board = play(members, table(1, [seat(0, 2)], [seat(3, 1, 0)]));
    expect(ownerOf(board, first(board))).toEqual({ peer: 'bob', kind: 'camera' });
    expect(ownerOf(board, board.audio[0]!)).toEqual({ peer: 'ann', kind: 'microphone' });
    expect([numberOf(board, 'ann'), numberOf(board, 'eve')]).toEqual([1, undefined]);
    expect(ownerOf(board, seat(0, 9))).toBeNull();
    expect(ownerOf(board, seat(0, 1, 9))).toBeNull();
  });

  it('keeps who keeps their seat, and forgets that a slot was filled when it changes hands', () => {
    const before = play(members, table(1, [seat(0, 1), seat(1, 2)]), filled(0, 1, 500), filled(1, 2, 600));
    const after = heed(before, table(2, [seat(0, 2), seat(1, 2)]));
    expect(after.video).toEqual([{ ...seat(0, 2), since: 2 }, { ...seat(1, 2), since: 1, filled: 600 }]);
    expect(heed(after, filled(0, 1, 700)).video[0]).toEqual({ ...seat(0, 2), since: 2 });
  });

  it('gives who comes back to a slot a seat of its own', () => {
    const board = play(table(1, [seat(0, 1)]), filled(0, 1, 500), table(2, [seat(0, 2)]), table(3, [seat(0, 1)]));
    expect(first(board)).toEqual({ ...seat(0, 1), since: 3 });
  });

  it('remembers who was taken off, until somebody else has the slot or the number', () => {
    const before = play(members, table(1, [seat(0, 1), seat(1, 2)]));
    expect(before.left).toEqual([]);
    const gone = [members, { type: 'members', members: [{ number: 1, id: 'ann' }] } as Told, table(2, [seat(0, 1)])].reduce(heed, before);
    expect(gone.left).toEqual([{ ...seat(1, 2), since: 1 }]);
    expect(leaverOf(gone, gone.left[0]!)).toEqual({ peer: 'bob', kind: 'camera' });
    const back = [members, table(3, [seat(0, 1), seat(1, 2)])].reduce(heed, gone);
    expect(back.left).toEqual(gone.left); // the picture is the old one until the slot is filled
    expect(heed(gone, table(3, [seat(0, 1), seat(1, 1, 2)])).left).toEqual([]);
    expect(heed(gone, { type: 'members', members: [{ number: 1, id: 'ann' }, { number: 2, id: 'eve' }] }).left).toEqual([]);
  });

  it('does not go back to an older table', () => {
    const board = play(table(5, [seat(0, 1)]));
    expect(heed(board, table(5, []))).toBe(board);
    expect(heed(board, table(4, []))).toBe(board);
  });

  it('is not changed by what is not about it', () => {
    expect(heed(emptyBoard, { type: 'slots', audio: 9, video: 9 })).toBe(emptyBoard);
  });
});

describe('a picture', () => {
  const of = (rtpTimestamp: number) => ({ source: 1, timestamp: 0, rtpTimestamp });
  const taken: Taken = { ...seat(0, 1), since: 1 };

  it('is nobody’s until the relay says that the slot is filled', () => {
    expect(isShown(taken, of(5000))).toBe(false);
  });

  it('is its owner’s from the frame on that the relay named', () => {
    const now = { ...taken, filled: 5000 };
    expect(isShown(now, null)).toBe(false);
    expect(isShown(now, of(4999))).toBe(false);
    expect([isShown(now, of(5000)), isShown(now, of(9000))]).toEqual([true, true]);
  });

  it('is so across the end of the timestamps', () => {
    expect(isShown({ ...taken, filled: 4_294_967_000 }, of(100))).toBe(true);
    expect(isShown({ ...taken, filled: 100 }, of(4_294_967_000))).toBe(false);
  });

  it('goes by the newest that was delivered', () => {
    const [old, fresh] = [{ ...of(1), timestamp: 10 }, { ...of(2), timestamp: 20 }];
    expect(newest([old, fresh])).toBe(fresh);
    expect(newest([fresh, old])).toBe(fresh);
    expect(newest([])).toBeNull();
  });
});

describe('slots', () => {
  it('grow in steps, never shrink, and have an end', () => {
    expect(grown({ audio: 0, video: 0 }, { audio: 1, video: 4 })).toEqual({ audio: 3, video: 6 });
    expect(grown({ audio: 6, video: 9 }, { audio: 2, video: 2 })).toEqual({ audio: 6, video: 9 });
    expect(grown({ audio: 6, video: 9 }, { audio: 50, video: 50 })).toEqual({ audio: 12, video: 25 });
  });
});

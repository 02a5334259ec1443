import { expect, it } from 'vitest';
import { type Voice, levelOfRelay, listen, silent } from './speaking';

const hear = (...levels: number[]): boolean[] => {
  let voice: Voice = silent;
  return levels.map((level, n) => (voice = listen(voice, level, n * 300)).speaking);
};

it('begins at once when somebody is loud', () => expect(hear(0.1, 0.29, 0.31)).toEqual([false, false, true]));

it('goes on while they are heard, and through a pause between words', () => {
  expect(hear(0.5, 0.21, 0, 0, 0.21, 0, 0)).toEqual([true, true, true, true, true, true, true]);
});

it('ends after a longer silence', () => expect(hear(0.5, 0, 0, 0, 0)).toEqual([true, true, true, false, false]));

it('stays the same object while there is nothing to note', () => expect(listen(silent, 0, 5)).toBe(silent));

it('takes the relay’s loudness for what one hears oneself', () => {
  expect(levelOfRelay(0)).toBe(0);
  expect(levelOfRelay(67)).toBe(0);
  expect(levelOfRelay(91)).toBe(0.5);
  expect(levelOfRelay(127)).toBe(1);
});

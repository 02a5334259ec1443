import { expect, it } from 'vitest';
import type { Input, Problem } from '../call/state';
import { fieldOf, problemTexts } from './faults';

const failed = (problem: Problem): Input => ({ wanted: true, status: 'failed', problem, list: [] });
const fine: Input = { wanted: true, status: 'on', list: [] };

it('each problem of each device has a sentence of its own', () => {
  const problems: Problem[] = ['missing', 'denied', 'busy', 'failed'];
  const keys = problems.flatMap((problem) => problemTexts({ camera: failed(problem), microphone: failed(problem) }));
  expect(new Set(keys).size).toBe(8);
});

it('a page that is not secure says so once', () => {
  expect(problemTexts({ camera: failed('insecure'), microphone: failed('insecure') })).toEqual(['problem.insecure']);
});

it('nothing is said of devices that work', () => {
  expect(problemTexts({ camera: fine, microphone: fine })).toEqual([]);
  expect(problemTexts({ camera: fine, microphone: failed('denied') })).toEqual(['problem.microphone.denied']);
});

it('the field at fault is known where there is one', () => {
  expect(fieldOf('password')).toBe('password');
  expect(fieldOf('bad-name')).toBe('name');
  expect(fieldOf('bad-setting')).toBe('max');
  expect(fieldOf('full')).toBeUndefined();
});

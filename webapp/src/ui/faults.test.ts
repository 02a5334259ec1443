import { expect, it } from 'vitest';
import type { Input, Problem } from '../call/state';
import { fieldOf, problemTexts as textsOf, type Troubles } from './faults';

const failed = (problem: Problem): Input => ({ wanted: true, status: 'failed', problem, list: [] });
const fine: Input = { wanted: true, status: 'on', list: [] };
const well: Troubles = { camera: fine, microphone: fine, screen: { possible: true, status: 'off' }, relayReach: 'connected' };
const problemTexts = (troubles: Partial<Troubles>) => textsOf({ ...well, ...troubles });

it('each problem of each device has a sentence of its own', () => {
  const problems: Problem[] = ['missing', 'denied', 'busy', 'failed'];
  const keys = problems.flatMap((problem) =>
    problemTexts({ camera: failed(problem), microphone: failed(problem), screen: { possible: true, status: 'failed', problem } }),
  );
  expect(new Set(keys).size).toBe(12);
});

it('a page that is not secure says so once', () => {
  expect(problemTexts({ camera: failed('insecure'), microphone: failed('insecure') })).toEqual(['problem.insecure']);
});

it('a relay that this network does not reach has a sentence', () => {
  expect(problemTexts({ relayReach: 'stuck' })).toEqual(['problem.relay']);
  for (const relayReach of ['none', 'connecting', 'connected'] as const) expect(problemTexts({ relayReach })).toEqual([]);
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

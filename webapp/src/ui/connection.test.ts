import { expect, it } from 'vitest';
import type { Plan } from '../call/signal.gen';
import type { Person } from '../call/state';
import { connectionOf } from './connection';
import { catalogue } from './text/catalogue';

const person = {} as Person; // only their number counts here
const plan = (mode: Plan['mode'], lacking = false): Plan => ({ epoch: 1, home: 'h', mode, relays: [], warm: false, lacking });

function words(mode: Plan['mode'], people: number, signaling: 'up' | 'down' = 'up', lacking = false): string {
  return catalogue.en[connectionOf({ plan: plan(mode, lacking), people: Array.from({ length: people }, () => person), signaling }).key];
}

it('begins with the shape of the plan and never names the other', () => {
  for (const people of [1, 2, 6]) {
    for (const signaling of ['up', 'down'] as const) {
      for (const lacking of [false, true]) {
        expect(words('mesh', people, signaling, lacking)).toMatch(/^Direct(?!.*Relayed)/);
        expect(words('relay', people, signaling, lacking)).toMatch(/^Relayed(?!.*Direct)/);
      }
    }
  }
});

it('tells what is out of the ordinary, the gravest first', () => {
  expect(words('mesh', 3)).toContain('browser to browser');
  expect(words('mesh', 1)).toContain('waiting for others');
  expect(words('mesh', 6, 'up', true)).toContain('no media server');
  expect(words('mesh', 6, 'down', true)).toContain('the call goes on');
});

it('claims no shape before there is a plan', () => {
  expect(connectionOf({ people: [person], signaling: 'up' }).key).toBe('connection.none');
});

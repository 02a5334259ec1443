import { expect, it } from 'vitest';
import type { Plan } from '../call/signal.gen';
import type { Person } from '../call/state';
import { connectionOf } from './connection';
import { catalogue } from './text/catalogue';

const person = {} as Person; // only their number counts here
const plan = (mode: Plan['mode'], lacking = false): Plan => ({ epoch: 1, home: 'h', mode, relays: [], warm: false, lacking });

const room: Parameters<typeof connectionOf>[0] = { plan: plan('mesh'), people: [person, person, person], signaling: 'up', relayReach: 'none' };
const reaches = ['none', 'connecting', 'connected', 'stuck'] as const;

function words(more: Partial<typeof room>): string {
  return catalogue.en[connectionOf({ ...room, ...more }).key];
}

it('begins with the shape of the plan and never names the other', () => {
  for (const count of [1, 2, 6]) {
    const people = Array.from({ length: count }, () => person);
    for (const signaling of ['up', 'down'] as const) {
      for (const relayReach of reaches) {
        for (const lacking of [false, true]) {
          expect(words({ plan: plan('mesh', lacking), people, signaling, relayReach })).toMatch(/^Direct(?!.*Relayed)/);
          expect(words({ plan: plan('relay', lacking), people, signaling, relayReach })).toMatch(/^Relayed(?!.*Direct)/);
        }
      }
    }
  }
});

it('tells what is out of the ordinary, the gravest first', () => {
  expect(words({})).toContain('browser to browser');
  expect(words({ people: [person] })).toContain('waiting for others');
  expect(words({ plan: plan('mesh', true) })).toContain('no media server');
  expect(words({ plan: plan('mesh', true) })).not.toContain('many people'); // two who cannot connect lack one too
  expect(words({ plan: plan('mesh', true), people: Array.from({ length: 5 }, () => person) })).toMatch(/many people.*no media server/);
  expect(words({ plan: plan('mesh', true), signaling: 'down' })).toContain('the call goes on');
  expect(words({ relayReach: 'stuck' })).toContain('media server out of reach');
  expect(words({ plan: plan('relay'), relayReach: 'stuck' })).toContain('media server out of reach');
});

it('says the same all through a switch', () => {
  for (const mode of ['mesh', 'relay'] as const) {
    const said = reaches.filter((reach) => reach !== 'stuck').map((relayReach) => words({ plan: plan(mode), relayReach }));
    expect(new Set(said).size).toBe(1);
  }
});

it('claims no shape before there is a plan', () => {
  expect(connectionOf({ ...room, plan: undefined }).key).toBe('connection.none');
});

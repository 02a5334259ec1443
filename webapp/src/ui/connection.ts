// How the call is connected, in words. The status of every room begins with what the plan is: it never
// names the other shape.

import type { State } from '../call/state';
import type { PlainKey } from './text/catalogue';

/** How to colour the words: all is well, worth knowing, or out of reach. */
export type Mood = 'good' | 'waiting' | 'poor';

// A mesh of more people than a node keeps direct by itself: what each sends is small then.
const many = 5;

export interface Connection {
  key: PlainKey;
  mood: Mood;
}

/** What to say of a call's connection, the gravest first. A switch that is under way is nobody's concern. */
export function connectionOf(state: Pick<State, 'plan' | 'people' | 'signaling' | 'relayReach'>): Connection {
  if (!state.plan) return { key: 'connection.none', mood: 'waiting' };
  const shape = state.plan.mode === 'mesh' ? 'connection.mesh' : 'connection.relay';
  if (state.signaling === 'down') return { key: `${shape}.down`, mood: 'poor' };
  if (state.relayReach === 'stuck') return { key: `${shape}.stuck`, mood: 'poor' };
  if (state.people.length <= 1) return { key: `${shape}.alone`, mood: 'waiting' };
  if (shape === 'connection.mesh' && state.plan.lacking) {
    return { key: state.people.length < many ? 'connection.mesh.lacking' : 'connection.mesh.lacking.many', mood: 'poor' };
  }
  return { key: shape, mood: 'good' };
}

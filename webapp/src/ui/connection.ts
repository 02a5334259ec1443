// How the call is connected, in words. The status of every room begins with what the plan is: it never
// names the other shape.

import type { State } from '../call/state';
import type { PlainKey } from './text/catalogue';

/** How to colour the words: all is well, worth knowing, or out of reach. */
export type Mood = 'good' | 'waiting' | 'poor';

export interface Connection {
  key: PlainKey;
  mood: Mood;
}

/** What to say of a call's connection. */
export function connectionOf(state: Pick<State, 'plan' | 'people' | 'signaling'>): Connection {
  if (!state.plan) return { key: 'connection.none', mood: 'waiting' };
  const direct = state.plan.mode === 'mesh';
  if (state.signaling === 'down') return { key: direct ? 'connection.mesh.down' : 'connection.relay.down', mood: 'poor' };
  if (state.people.length <= 1) return { key: direct ? 'connection.mesh.alone' : 'connection.relay.alone', mood: 'waiting' };
  if (direct && state.plan.lacking) return { key: 'connection.mesh.lacking', mood: 'poor' };
  return { key: direct ? 'connection.mesh' : 'connection.relay', mood: 'good' };
}

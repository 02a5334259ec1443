// What to do about a refusal: which sentence says it, and which field it concerns.

import type { Code } from '../call/signal.gen';
import type { Input, Problem, RelayReach, Share } from '../call/state';
import type { PlainKey } from './text/catalogue';

/** The fields of the lobby that a fault can concern. */
export type Field = 'name' | 'password' | 'max';

/** The sentence of a fault. Every code has one, or this does not compile. */
export function faultText(code: Code): PlainKey {
  return `fault.${code}`;
}

const concerned: Partial<Record<Code, Field>> = {
  'bad-name': 'name',
  locked: 'password',
  password: 'password',
  'bad-setting': 'max',
};

/** The field that a fault asks to be corrected, if it is one. */
export function fieldOf(code: Code): Field | undefined {
  return concerned[code];
}

/** The sentence for a device that gives nothing. */
export function problemText(device: 'camera' | 'microphone' | 'screen', problem: Problem): PlainKey {
  return problem === 'insecure' ? 'problem.insecure' : `problem.${device}.${problem}`;
}

/** What can be wrong on this side of a call. */
export interface Troubles {
  camera: Input;
  microphone: Input;
  screen: Share;
  relayReach: RelayReach;
}

/** The sentences for all that is wrong with the devices and the network, each once. */
export function problemTexts(troubles: Troubles): PlainKey[] {
  const keys = new Set<PlainKey>();
  for (const device of ['camera', 'microphone', 'screen'] as const) {
    const { status, problem } = troubles[device];
    if (status === 'failed' && problem) keys.add(problemText(device, problem));
  }
  if (troubles.relayReach === 'stuck') keys.add('problem.relay');
  return [...keys];
}

// A call: the State of one room and the actions of the person in it.

import { firstState } from './reduce';
import type { Call, State } from './state';

/** Opens the lobby of a room. */
export function createCall(room: string): Call {
  const state: State = firstState(room);
  const none = (): void => undefined;
  return {
    subscribe(run) {
      run(state);
      return none;
    },
    level: () => 0,
    setCamera: none,
    setMicrophone: none,
    choose: none,
    join: none,
    leave: none,
    again: none,
    turnSoundOn: none,
    close: none,
  };
}

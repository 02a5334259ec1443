// The last word of somebody who left while the line was cut: without it the others would take them for
// away, and keep their place, until the room gives them up. In: what brings them back. Out: the word.

import type { Fault, Hello } from './signal.gen';
import { Socket, passing } from './socket';

// After so long the room has given up whoever is away.
const patienceMillis = 60_000;


/** Comes back to say leave. */
export function part(url: string, hello: Hello, dial?: (url: string) => WebSocket): void {
  const socket: Socket = new Socket(url, {
    open: () => void socket.send({ type: 'hello', ...hello }),
    message: (message) => {
      if (message.type === 'welcome') socket.send({ type: 'leave' });
      if (message.type === 'welcome' || (message.type === 'fault' && isFinal(message))) end();
    },
    down: () => undefined,
  }, dial);
  const timer = setTimeout(() => end(), patienceMillis);
  const end = (): void => {
    clearTimeout(timer);
    socket.close();
  };
  socket.dial();
}

function isFinal({ code, fatal }: Fault): boolean {
  return fatal && code !== 'try-later' && !passing.has(code);
}

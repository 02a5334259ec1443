// When a link that does not work is tried again, and how. Pure; times are milliseconds.
//
//     opened --8 s, or failed + 1 s--> try --4 s--> try ... --connected--> (nothing)
//     connected --disconnected + 1 s--> try --4 s--> try ... --connected--> (nothing)
//
// Chromium does not report `failed` for 45 s of outage, and a single restart on `disconnected` never
// recovers a longer one, hence the repeated tries.

/** What is wrong with a link. */
export interface Trouble {
  since: number; // when it was opened or broke
  fresh: boolean; // it has never been connected and ICE has not failed yet
  tried?: number; // the latest try
  unanswered: number; // how often the offer that is out was sent
  beyondIce: boolean; // the transport itself failed: an ICE restart does not mend that
}

/** A way to mend a link. Only the offerer offers; the other end asks it to. */
export type Remedy = 'restart' | 'repeat' | 'renew' | 'ask';

const freshMillis = 8000;
const firstMillis = 1000;
const againMillis = 4000;
const repeats = 3;

/** When to try next. */
export function nextTry(trouble: Trouble): number {
  const first = trouble.since + (trouble.fresh && trouble.unanswered === 0 ? freshMillis : firstMillis);
  return trouble.tried === undefined ? first : Math.max(first, trouble.tried + againMillis);
}

/** What to try. An offer that nobody answered is repeated, then given up for a new connection. */
export function remedyFor(trouble: Trouble, offers: boolean): Remedy {
  if (!offers) return 'ask';
  if (trouble.beyondIce || trouble.unanswered > repeats) return 'renew';
  return trouble.unanswered > 0 ? 'repeat' : 'restart';
}

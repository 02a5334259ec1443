import { expect, it } from 'vitest';
import { Meter } from './meter';

const connection = (sent = 0, received = 0) => ({ traffic: { sent, received } });

it('adds up what flows on all connections, in kbit/s', () => {
  const meter = new Meter();
  const [a, b] = [connection(1000), connection(0, 5000)];
  expect(meter.read([a, b], 0)).toEqual({ up: 0, down: 0 });
  a.traffic = { sent: 126_000, received: 0 };
  b.traffic = { sent: 0, received: 255_000 };
  expect(meter.read([a, b], 1000)).toEqual({ up: 1000, down: 2000 });
});

it('says the same until it has looked for long enough', () => {
  const meter = new Meter();
  const a = connection();
  meter.read([a], 0);
  a.traffic = { sent: 125_000, received: 0 };
  expect(meter.read([a], 500)).toEqual({ up: 0, down: 0 });
  expect(meter.read([a], 1000).up).toBe(1000);
});

it('leaves out what has just begun, or begun anew', () => {
  const meter = new Meter();
  const a = connection(1_000_000);
  meter.read([a], 0);
  a.traffic = { sent: 500, received: 0 };
  expect(meter.read([a, connection(9_000_000)], 1000)).toEqual({ up: 0, down: 0 });
});

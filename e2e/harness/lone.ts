// A relay in a process of its own, and what a program that is only a bridge must know of it.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { binary } from './binary';

export class LoneRelay {
  private log = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    private readonly key: string,
  ) {}

  static async start(): Promise<LoneRelay> {
    const folder = await mkdtemp(path.join(tmpdir(), 'parley-relay-'));
    const key = path.join(folder, 'network.key');
    await writeFile(key, `/key/swarm/psk/1.0.0/\n/base16/\n${'42'.repeat(32)}\n`, { mode: 0o600 });
    const command = ['relay', '--rtc', '127.0.0.1:0', '--p2p', '/ip4/127.0.0.1/tcp/0', '--data', path.join(folder, 'data'), '--network-key-file', key];
    const relay = new LoneRelay(spawn(binary, command, { stdio: ['ignore', 'pipe', 'pipe'] }), folder, key);
    for (const from of [relay.child.stdout!, relay.child.stderr!]) from.on('data', (chunk: Buffer) => void (relay.log += chunk.toString()));
    const deadline = Date.now() + 10_000;
    while (!/--bootstrap \S+/.test(relay.log)) {
      if (Date.now() > deadline || relay.child.exitCode !== null) throw new Error(`the relay does not start:\n${relay.log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return relay;
  }

  /** Its id among nodes, as plans name it. */
  get id(): string {
    return this.at.split('/').at(-1)!;
  }

  private get at(): string {
    return /--bootstrap (\S+)/.exec(this.log)![1]!;
  }

  /** The flags of a program that is only a bridge and uses these relays. */
  static flags(relays: readonly LoneRelay[]): string[] {
    return ['--roles', 'bridge', '--network-key-file', relays[0]!.key, '--bootstrap', relays.map(({ at }) => at).join(',')];
  }

  /** Ends it without a word (kill -9). */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

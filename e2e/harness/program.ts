// The built program: started on a free port with a data folder of its own, killed the hard way,
// started again as the same node.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { binary } from './binary';

/** A port that nobody listens on now. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const server = createServer();
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export interface ProgramOptions {
  host?: string; // the address to listen on; 127.0.0.1 unless given
  flags?: string[]; // further flags of `parley up`
  within?: string[]; // a command in front of it, such as one that enters a network namespace
  ready?: string; // what to ask until it answers 200; /readyz unless given
}

export class Program {
  /** All it has written so far, for the report of a test that failed. */
  log = '';
  private child: ChildProcess | undefined;

  private constructor(
    readonly host: string,
    readonly port: number,
    private readonly data: string,
    private readonly options: ProgramOptions,
  ) {}

  /** Starts a program and waits until it says that a call could be made. */
  static async start(options: ProgramOptions = {}): Promise<Program> {
    if (!existsSync(binary)) throw new Error(`There is no program at ${binary}: run "just build" first`);
    const host = options.host ?? '127.0.0.1';
    const data = await mkdtemp(path.join(tmpdir(), 'parley-e2e-'));
    const program = new Program(host, options.within ? 8080 : await freePort(host), data, options);
    await program.start();
    return program;
  }

  get url(): string {
    return `http://${this.host}:${this.port}`;
  }

  /** Starts it again after kill, on the same port and the same data. */
  async start(): Promise<void> {
    const { within = [], flags = [] } = this.options;
    const command = [...within, binary, 'up', '--http', `${this.host}:${this.port}`, '--rtc', '0', '--turn', '0', '--turn-tls', '0', '--data', this.data, ...flags];
    const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    const keep = (chunk: Buffer): void => void (this.log += chunk.toString());
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    await this.waitReady(child);
  }

  private async waitReady(child: ChildProcess): Promise<void> {
    const deadline = Date.now() + 10_000;
    while (Date.now() < deadline) {
      if (child.exitCode !== null) throw new Error(`parley ended with ${child.exitCode}:\n${this.log}`);
      if (await this.answers()) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`parley was not ready within 10 s:\n${this.log}`);
  }

  private async answers(): Promise<boolean> {
    if (this.options.within) return /\bhttps?:\/\//.test(this.log);
    try {
      return (await fetch(`${this.url}${this.options.ready ?? '/readyz'}`)).ok;
    } catch {
      return false;
    }
  }

  /** Ends it without a word (kill -9), and returns when it is gone. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Ends it for good, as a host would, and removes its data. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
    await rm(this.data, { recursive: true, force: true });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    const impatient = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await gone;
    clearTimeout(impatient);
  }
}

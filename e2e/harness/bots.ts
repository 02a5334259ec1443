// Headless people in a room: `parley bot` as a process of its own. They cost a browser nothing to send, and
// they come and go at a word.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { binary } from './binary';

interface BotOptions {
  url: string; // of the program
  room?: string;
  name: string;
  count?: number;
  sound?: boolean; // a tone beside the picture
  wait?: boolean; // until join is called
}

export class Bots {
  /** What they have reported so far, one JSON object per line. */
  log = '';
  private child: ChildProcess | undefined;

  constructor(private readonly options: BotOptions) {
    if (!options.wait) this.join();
  }

  /** They come. */
  join(): void {
    const { url, room = 'room', name, count = 1, sound = false } = this.options;
    const command = ['bot', '--url', url, '--room', room, '--name', name, '--count', String(count), '--video', '--loopback'];
    this.child = spawn(binary, sound ? [...command, '--audio'] : command, { stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (chunk: Buffer): void => void (this.log += chunk.toString());
    this.child.stdout!.on('data', keep);
    this.child.stderr!.on('data', keep);
  }

  /** They say farewell and are gone. */
  async leave(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGINT');
    const impatient = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await gone;
    clearTimeout(impatient);
    if (child.signalCode !== null) throw new Error(`${this.options.name} did not leave when asked to:\n${this.log}`);
  }
}

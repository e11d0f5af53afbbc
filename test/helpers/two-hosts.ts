/** Two hosts of their own with a cable between them, which can be broken in every way. */
import type { ExecutionContext } from 'ava';
import { pathOf, run } from './needs.ts';

export const twoHostsTools = ['root', 'ip', 'nft', 'tc'];

export interface TwoHosts {
  /** The cloud's address. */
  readonly cloudHost: string;
  /** What runs a program on a host. */
  readonly on: Readonly<Record<'edge' | 'cloud', readonly string[]>>;
  /** Packets vanish on the cloud's side, both ways; connections that are open know nothing of it. */
  blackHole(): void;
  /** The cable is pulled out at the cloud's end. */
  pull(): void;
  /** Each packet to the cloud is answered with a reset. */
  reset(): void;
  /** So many bits a second from the edge to the cloud. */
  slow(bitsPerSecond: number): void;
  /** Everything is well again. */
  mend(): void;
}

let made = 0;

/** The hosts go at the end of the test, and with them their cable. */
export function twoHosts(t: ExecutionContext): TwoHosts {
  made += 1;
  const [edge, cloud] = ['e', 'c'].map((side) => `fogrun-${side}-${process.pid}-${made}`) as [string, string];
  const cloudHost = '10.79.0.2';
  for (const name of [edge, cloud]) {
    run('ip', 'netns', 'add', name);
    t.teardown(() => void run('ip', 'netns', 'delete', name));
    run('ip', '-n', name, 'link', 'set', 'lo', 'up');
  }
  run('ip', 'link', 'add', 'wire', 'netns', edge, 'type', 'veth', 'peer', 'name', 'wire', 'netns', cloud);
  for (const [name, address] of [
    [edge, '10.79.0.1/24'],
    [cloud, `${cloudHost}/24`],
  ] as const) {
    run('ip', '-n', name, 'address', 'add', address, 'dev', 'wire');
    run('ip', '-n', name, 'link', 'set', 'wire', 'up');
  }
  const inCloud = (...words: string[]) => run('ip', 'netns', 'exec', cloud, ...words);
  const rules = (input: string, output: string) => {
    const chain = (hook: string, rule: string) =>
      `chain ${hook} { type filter hook ${hook} priority 0; ${rule}; };`;
    inCloud('nft', `table ip faults { ${chain('input', input)} ${chain('output', output)} }`);
  };
  const on = (name: string) => [pathOf('ip')!, 'netns', 'exec', name];
  return {
    cloudHost,
    on: { edge: on(edge), cloud: on(cloud) },
    blackHole: () => rules('iifname "wire" drop', 'oifname "wire" drop'),
    pull: () => void run('ip', '-n', cloud, 'link', 'set', 'wire', 'down'),
    reset: () => rules('iifname "wire" meta l4proto tcp reject with tcp reset', ''),
    slow: (bitsPerSecond) => {
      const rate = ['rate', `${bitsPerSecond}bit`, 'burst', '16kb', 'latency', '500ms'];
      run('tc', '-n', edge, 'qdisc', 'replace', 'dev', 'wire', 'root', 'tbf', ...rate);
    },
    mend() {
      inCloud('nft', 'flush', 'ruleset');
      run('ip', '-n', cloud, 'link', 'set', 'wire', 'up');
      if (run('tc', '-n', edge, 'qdisc', 'show', 'dev', 'wire').includes('tbf')) {
        run('tc', '-n', edge, 'qdisc', 'delete', 'dev', 'wire', 'root');
      }
    },
  };
}

/** Names that occur in the keys of a cloud's store. */
import type { KvReader } from '../contract/kv.ts';
import { keys, type Life } from './cloud-records.ts';
import { decodeRecord } from './text.ts';

/** Edges that have sent something, by name. */
export function edgesIn(kv: KvReader): string[] {
  const edges = new Set([...namesUnder(kv, ['mark']), ...namesUnder(kv, ['receipt'])]);
  return [...edges].sort();
}

/** Epochs of an edge that hold something, by first receipt. */
export function epochsIn(kv: KvReader, edge: string): string[] {
  const epochs = new Set([...namesUnder(kv, ['mark', edge]), ...namesUnder(kv, ['receipt', edge])]);
  const orderOf = (epoch: string) => {
    const bytes = kv.get(keys.life(edge, epoch));
    // Without a life it cannot be told when it was: behind all others.
    return (bytes && decodeRecord<Life>(bytes).order) || Number.MAX_SAFE_INTEGER;
  };
  return [...epochs].sort((a, b) => orderOf(a) - orderOf(b) || (a < b ? -1 : 1));
}

export function streamsIn(kv: KvReader, edge: string, epoch: string): string[] {
  const prefix = [edge, epoch];
  const streams = new Set([
    ...namesUnder(kv, ['mark', ...prefix]),
    ...namesUnder(kv, ['receipt', ...prefix]),
  ]);
  return [...streams].sort();
}

/** The different names that follow `prefix` in the keys, without looking at what is between. */
function* namesUnder(kv: KvReader, prefix: readonly string[]): Iterable<string> {
  // A space stands before all that names are made of.
  const to = [...prefix.slice(0, -1), `${prefix.at(-1)} `];
  for (let from: readonly string[] = prefix; ; ) {
    const [first] = kv.range({ from, to, limit: 1 });
    if (!first) return;
    const name = String(first.key[prefix.length]);
    yield name;
    from = [...prefix, `${name} `];
  }
}

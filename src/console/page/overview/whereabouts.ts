/** Where readings are that are not where they shall be, in a few sentences however many edges there are. Pure. */
import type { PipelineStatus, Waiting } from '../../../contract/status.ts';
import { counted, size, span } from '../shared/figures.ts';

/** More edges than that are told by the worst of them, and how many others there are. */
const namedMax = 3;

interface EdgeData {
  readonly name: string;
  /** In segments that wait for the cloud, and in one that is being filled; `null` where nobody tells. */
  readonly sealed: Waiting | null;
  readonly open: Waiting | null;
  readonly nowMs: number;
}

/** Readings of one edge or of several. */
interface Amount {
  readonly readings: number | null;
  readonly bytes: number;
  /** How long the oldest has waited. */
  readonly ageMs: number | null;
}

export function whereaboutsOf(
  pipelines: readonly {
    readonly name: string;
    readonly status: PipelineStatus | null;
    readonly nowMs: number;
  }[],
): string {
  const edges = pipelines.flatMap(({ name, status, nowMs }): EdgeData[] => {
    if (!status || status.edge === null) return [];
    const of = (kind: string) => status.actors.find((actor) => actor.kind === kind)?.waiting ?? null;
    return [{ name, nowMs, sealed: of('uploader'), open: of('file-rotator') }];
  });
  if (edges.length <= namedMax) return edges.flatMap(alone).join(' ');
  const named = edges
    .filter(waits)
    .sort((a, b) => b.sealed!.bytes - a.sealed!.bytes)
    .slice(0, namedMax);
  const others = edges.filter((edge) => !named.includes(edge));
  return [...named.flatMap(alone), ...together(others, named.length > 0 ? 'other' : 'edge')].join(' ');
}

const waits = ({ sealed }: EdgeData) => sealed !== null && sealed.bytes > 0;

function alone({ name, sealed, open, nowMs }: EdgeData): string[] {
  const said: string[] = [];
  if (sealed && sealed.bytes > 0) said.push(waiting(amountOf(sealed, nowMs), `disk of ${name}`));
  else if (sealed) said.push(`Nothing on the disk of ${name} waits for the cloud.`);
  if (open && open.bytes > 0) said.push(`${inSegments(amountOf(open, nowMs))} in its open segment.`);
  return said;
}

/** @param what they are called when they are counted */
function together(edges: readonly EdgeData[], what: 'edge' | 'other'): string[] {
  const of = (some: readonly EdgeData[], thing: string) =>
    `${thing}${some.length === 1 ? '' : 's'} of ${counted(some.length, what)}`;
  const late = edges.filter(waits);
  const empty = edges.filter(({ sealed }) => sealed?.bytes === 0);
  const filling = edges.filter(({ open }) => open !== null && open.bytes > 0);
  const said: string[] = [];
  if (late.length > 0) {
    said.push(waiting(sum(late.map(({ sealed, nowMs }) => amountOf(sealed!, nowMs))), of(late, 'disk')));
  }
  if (empty.length > 0) said.push(`Nothing on the ${of(empty, 'disk')} waits for the cloud.`);
  if (filling.length > 0) {
    const all = sum(filling.map(({ open, nowMs }) => amountOf(open!, nowMs)));
    said.push(`${inSegments(all)} in the ${of(filling, 'open segment')}.`);
  }
  return said;
}

const amountOf = ({ readings, bytes, oldestMs }: Waiting, nowMs: number): Amount => ({
  ...{ readings, bytes, ageMs: oldestMs === null ? null : nowMs - oldestMs },
});

function sum(amounts: readonly Amount[]): Amount {
  const ages = amounts.flatMap(({ ageMs }) => ageMs ?? []);
  return {
    // Where one does not count them, nobody can say how many all are.
    readings: amounts.reduce<number | null>(
      (all, { readings }) => (all === null || readings === null ? null : all + readings),
      0,
    ),
    bytes: amounts.reduce((all, { bytes }) => all + bytes, 0),
    ageMs: ages.length === 0 ? null : Math.max(...ages),
  };
}

const amountText = ({ readings, bytes }: Amount) =>
  readings === null ? size(bytes) : `${counted(readings, 'reading')} (${size(bytes)})`;

function waiting(amount: Amount, where: string): string {
  const oldest = amount.ageMs === null ? '' : `, the oldest for ${span(amount.ageMs)}`;
  const verb = amount.readings === 1 ? 'waits' : 'wait';
  return `${amountText(amount)} ${verb} on the ${where} for the cloud${oldest}.`;
}

const inSegments = (amount: Amount) => `${amountText(amount)} ${amount.readings === 1 ? 'is' : 'are'}`;

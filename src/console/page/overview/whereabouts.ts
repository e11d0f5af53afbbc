/** Where readings are that are not where they shall be, in a few sentences however many edges there are. Pure. */
import type { PipelineStatus, Waiting } from '../../../contract/status.ts';
import type { Stale } from '../model/model.ts';
import { counted, size, span } from '../shared/figures.ts';

/** More edges than that are told by the worst of them, and how many others there are. */
const namedMax = 3;

interface EdgeData {
  readonly name: string;
  /** In segments that wait for the cloud, and in one that is being filled; `null` where nobody tells. */
  readonly sealed: Waiting | null;
  readonly open: Waiting | null;
  readonly nowMs: number;
  /** It is not heard now: that was so when it last was. */
  readonly isOld: boolean;
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
    readonly stale: Stale | null;
    readonly nowMs: number;
  }[],
): string {
  const edges = pipelines.flatMap(({ name, status, stale, nowMs }): EdgeData[] => {
    if (!status || status.edge === null) return [];
    const of = (kind: string) => status.actors.find((actor) => actor.kind === kind)?.waiting ?? null;
    // Where the console is not heard, that is said of the whole page.
    const isOld = stale !== null && stale.why !== 'console';
    return [{ name, nowMs, isOld, sealed: of('uploader'), open: of('file-rotator') }];
  });
  if (edges.length <= namedMax) return edges.flatMap(alone).join(' ');
  const named = edges
    .filter(waits)
    .sort((a, b) => b.sealed!.bytes - a.sealed!.bytes)
    .slice(0, namedMax);
  const others = edges.filter((edge) => !named.includes(edge));
  const what = named.length > 0 ? 'other' : 'edge';
  const rest = [false, true].flatMap((isOld) =>
    together(
      others.filter((edge) => edge.isOld === isOld),
      what,
      isOld,
    ),
  );
  return [...named.flatMap(alone), ...rest].join(' ');
}

const waits = ({ sealed }: EdgeData) => sealed !== null && sealed.bytes > 0;

function alone({ name, sealed, open, nowMs, isOld }: EdgeData): string[] {
  const when = isOld ? ` when ${name} was last heard` : '';
  const said: string[] = [];
  if (sealed && sealed.bytes > 0) said.push(waiting(amountOf(sealed, nowMs), `disk of ${name}`, when));
  else if (sealed) said.push(nothing(`disk of ${name}`, when));
  if (open && open.bytes > 0)
    said.push(
      `${inSegments(amountOf(open, nowMs), isOld)} in its open segment${sealed && isOld ? ' then' : when}.`,
    );
  return said;
}

/** @param what they are called when they are counted */
function together(edges: readonly EdgeData[], what: 'edge' | 'other', isOld: boolean): string[] {
  const whenOf = (some: readonly EdgeData[]) =>
    isOld ? ` when ${some.length === 1 ? 'that edge was' : 'those were'} last heard` : '';
  const of = (some: readonly EdgeData[], thing: string) =>
    `${thing}${some.length === 1 ? '' : 's'} of ${counted(some.length, what)}`;
  const late = edges.filter(waits);
  const empty = edges.filter(({ sealed }) => sealed?.bytes === 0);
  const filling = edges.filter(({ open }) => open !== null && open.bytes > 0);
  const said: string[] = [];
  if (late.length > 0) {
    const all = sum(late.map(({ sealed, nowMs }) => amountOf(sealed!, nowMs)));
    said.push(waiting(all, of(late, 'disk'), whenOf(late)));
  }
  if (empty.length > 0) said.push(nothing(of(empty, 'disk'), whenOf(empty)));
  if (filling.length > 0) {
    const all = sum(filling.map(({ open, nowMs }) => amountOf(open!, nowMs)));
    said.push(`${inSegments(all, isOld)} in the ${of(filling, 'open segment')}${whenOf(filling)}.`);
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

/** @param when ` when edge was last heard`; empty for now */
function waiting(amount: Amount, where: string, when: string): string {
  const oldest = amount.ageMs === null ? '' : `, the oldest for ${span(amount.ageMs)}`;
  const verb = when ? 'waited' : amount.readings === 1 ? 'waits' : 'wait';
  return `${amountText(amount)} ${verb} on the ${where} for the cloud${when}${oldest}.`;
}

const nothing = (where: string, when: string) =>
  `Nothing on the ${where} ${when ? 'waited' : 'waits'} for the cloud${when}.`;

function inSegments(amount: Amount, isOld: boolean): string {
  const [one, many] = isOld ? ['was', 'were'] : ['is', 'are'];
  return `${amountText(amount)} ${amount.readings === 1 ? one : many}`;
}

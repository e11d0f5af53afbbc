/** What of a chart is told where: arrows, chips for what holds in every state, lines within a state. */
import type { Chart, ChartState, ChartTransition } from '../../contract/chart.ts';

/** Transitions that one arrow or chip stands for. */
export interface Bundle {
  readonly source: string;
  /** `null`: nowhere, the state stays. */
  readonly target: string | null;
  readonly as: ChartTransition['as'];
  readonly transitions: readonly ChartTransition[];
}

/** A line within a state's box. */
export type StateLine =
  | { readonly as: 'invoke'; readonly text: string }
  | { readonly as: 'entry' | 'exit'; readonly text: string }
  /** Taken without leaving it for another one. */
  | { readonly as: 'stay'; readonly transition: ChartTransition; readonly reenters: boolean }
  /** Events that it takes no notice of. */
  | { readonly as: 'deaf'; readonly transitions: readonly ChartTransition[] };

export interface Telling {
  /** So many arrows that their labels had better be short. */
  readonly crowded: boolean;
  readonly arrows: readonly Bundle[];
  /** What happens from whatever state. */
  readonly chips: readonly Bundle[];
  readonly lines: ReadonlyMap<string, readonly StateLine[]>;
}

/** Parts of a transition's label. */
export interface LabelParts {
  readonly event: string;
  /** With its brackets; empty without one. */
  readonly guard: string;
  /** Empty where there are none. */
  readonly actions: string;
}

const actionsLengthMax = 30;
const arrowsMax = 24;

/** Actions are told as long as they do not crowd the drawing. */
export function labelParts({ label, guard, actions }: ChartTransition, crowded: boolean = false): LabelParts {
  const told = crowded ? '' : actions.join(', ');
  return {
    event: label,
    guard: guard === null ? '' : `[${guard}]`,
    actions: told.length > actionsLengthMax ? '' : told,
  };
}

/** The label as one line of plain text. */
export function labelText(transition: ChartTransition): string {
  const { event, guard, actions } = labelParts(transition);
  return [event, guard, actions && `/ ${actions}`].filter((part) => part !== '').join(' ');
}

export function tellingOf(chart: Chart): Telling {
  const arrows: ChartTransition[] = [];
  const chips: ChartTransition[] = [];
  const within = new Map<string, ChartTransition[]>();
  for (const transition of chart.transitions) {
    if (transition.source === '') chips.push(transition);
    else if (stays(transition)) {
      const known = within.get(transition.source);
      if (known) known.push(transition);
      else within.set(transition.source, [transition]);
    } else arrows.push(transition);
  }
  const drawn = bundled(arrows, ({ source, as }, target) => [source, target, as]);
  return {
    crowded: drawn.length > arrowsMax,
    arrows: drawn,
    // Of what holds everywhere only the end matters.
    chips: bundled(chips, (_, target) => [target]),
    lines: new Map(chart.states.map((state) => [state.id, linesOf(state, within.get(state.id) ?? [])])),
  };
}

function stays({ source, targets }: ChartTransition): boolean {
  return targets.every((target) => target === source);
}

function bundled(
  transitions: readonly ChartTransition[],
  keyOf: (transition: ChartTransition, target: string | null) => unknown,
): Bundle[] {
  const bundles = new Map<string, { first: Bundle; all: ChartTransition[] }>();
  for (const transition of transitions) {
    for (const target of transition.targets.length > 0 ? transition.targets : [null]) {
      const key = JSON.stringify(keyOf(transition, target));
      const known = bundles.get(key);
      if (known) known.all.push(transition);
      else {
        const { source, as } = transition;
        bundles.set(key, { first: { source, target, as, transitions: [] }, all: [transition] });
      }
    }
  }
  return [...bundles.values()].map(({ first, all }) => ({ ...first, transitions: all }));
}

function linesOf(state: ChartState, within: readonly ChartTransition[]): StateLine[] {
  const lines: StateLine[] = state.invokes.map((text) => ({ as: 'invoke', text }));
  if (state.entry.length > 0) lines.push({ as: 'entry', text: state.entry.join(', ') });
  if (state.exit.length > 0) lines.push({ as: 'exit', text: state.exit.join(', ') });
  const deaf = within.filter(
    (one) => one.targets.length === 0 && one.actions.length === 0 && one.guard === null,
  );
  for (const transition of within) {
    if (deaf.includes(transition)) continue;
    lines.push({ as: 'stay', transition, reenters: transition.targets.length > 0 });
  }
  if (deaf.length > 0) lines.push({ as: 'deaf', transitions: deaf });
  return lines;
}

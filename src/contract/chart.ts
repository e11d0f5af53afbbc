/** A statechart as something to draw: what it is made of, and where that stands on paper. */

/** One state. Ids are paths from the root, whose id is the empty string: `serving.listening`. */
export interface ChartState {
  readonly id: string;
  /** Its own name; of the root, the kind's. */
  readonly name: string;
  /** Id of the state around it; `null` for the root. */
  readonly parent: string | null;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  /** Id of the state that it begins in; `null` where there is none inside. */
  readonly initial: string | null;
  readonly tags: readonly string[];
  /** What runs while it is active, by the name of the effect. */
  readonly invokes: readonly string[];
  /** Names of its actions; those of xstate itself left out. */
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  readonly description?: string;
}

/**
 * One transition. Its id says which it is in the statechart of any instance of the kind: `<source>|<event>|<index>`, where the
 * index counts what the source offers for that event, in the order in which guards are asked.
 */
export interface ChartTransition {
  readonly id: string;
  readonly source: string;
  /** Empty: the event is taken and the state stays. */
  readonly targets: readonly string[];
  /** As xstate calls it, such as `xstate.after.retry.uploader.waitingToRetry`; empty for one that needs none. */
  readonly event: string;
  /** For people, such as `after retry`. */
  readonly label: string;
  readonly as: 'event' | 'after' | 'done' | 'error' | 'always';
  readonly guard: string | null;
  readonly actions: readonly string[];
  readonly reenter: boolean;
}

export interface Chart {
  /** The kind's name, or `cloud-session`. */
  readonly kind: string;
  /** In document order, the root first. */
  readonly states: readonly ChartState[];
  readonly transitions: readonly ChartTransition[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/** Where a chart's parts are drawn, in px from its upper left corner. */
export interface ChartLayout {
  readonly width: number;
  readonly height: number;
  /** By id of the state. */
  readonly states: Readonly<Record<string, Box>>;
  /** Arrows: one for all transitions of one source, target and `as`, which share a label. */
  readonly edges: readonly ChartEdge[];
  /** Where the dot of an initial state is, and the way from there, by id of the state around it. */
  readonly initials: Readonly<Record<string, readonly Point[]>>;
}

export interface ChartEdge {
  /** Ids of the transitions it stands for. */
  readonly transitions: readonly string[];
  /** From its beginning to the tip of the arrow; empty for what happens in any state: it is a chip above the drawing. */
  readonly points: readonly Point[];
  /** One line for each transition. Those that stay in their state have no edge: they are told inside its box. */
  readonly label: (Box & { readonly lines: readonly string[] }) | null;
}

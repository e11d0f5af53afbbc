/** Another program on the same work: what the harness must know of it to run it and to say what was compared. */

/** One way to set a peer up. */
export interface Setting {
  /** `best`: as fast as its documentation can make it; `synced`: as safe as it can be made. */
  readonly label: string;
  /** The settings in one sentence, with the words of the peer's own manual. */
  readonly said: string;
  /** What has not survived a power cut when the line counts as done, or when the client was told that it is. */
  readonly lacks: string;
  /** Lines that a run sends: fewer where a million would take minutes. */
  readonly lines: number;
}

/** What the servers of one side used. */
export interface Side {
  readonly cpuSeconds: number;
  readonly rssPeakMb: number;
  /** Calls of fsync, fdatasync and msync; 0 when the run was not asked to count them. */
  readonly syncs: number;
}

/** What one run measured, after the far end was compared with what was sent. */
export interface PeerRun {
  /** From the first byte sent until the far end had everything. */
  readonly seconds: number;
  readonly edge: Side;
  readonly cloud: Side;
}

/** What a run is given. */
export interface PeerWork {
  /** Empty directory of this run on the disk that is measured; whoever gave it removes it. */
  readonly directory: string;
  readonly lines: number;
  /** Run the servers under strace to count their syncs; such a run is slower and its time means nothing. */
  readonly countSyncs: boolean;
}

export interface Peer<S extends Setting = Setting> {
  readonly name: string;
  /** How it is wired for this work, in one sentence. */
  readonly wiring: string;
  /** What comes with every setting: where the comparison limps, and which promises are not there. */
  readonly remarks: readonly string[];
  /** Debian package. */
  readonly package: string;
  readonly settings: readonly S[];
  /** Version as the program says it; `null` when it is not installed. */
  version(): string | null;
  /** Why this setting cannot be run with the version that is installed, or `null`. */
  impossible?(setting: S): string | null;
  run(setting: S, work: PeerWork): Promise<PeerRun>;
}

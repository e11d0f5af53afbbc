/** Gaps: what stands in place of readings that will never come. */

/**
 * - `missed`: never measured (sensor away, store full)
 * - `dropped`: given up by a policy before it was sent
 * - `discarded`: given up by a person before it had arrived
 * - `refused`: the cloud refused it for good
 * - `corrupt`: could not be read back
 * - `epoch`: acknowledged in an earlier epoch of this edge
 */
export type GapReason = 'missed' | 'dropped' | 'discarded' | 'refused' | 'corrupt' | 'epoch';

/** The body of a gap segment: one JSON object and a newline. */
export interface Gap {
  readonly gap: GapReason;
  /** First and last `seq` covered; absent where the readings never had one. */
  readonly fromSeq?: number;
  readonly toSeq?: number;
  /** First and last moment covered, ISO 8601, where known. */
  readonly fromTime?: string;
  readonly toTime?: string;
  /** How many readings are missing. */
  readonly count: number;
  /** One sentence for a person. */
  readonly text: string;
}

export function encodeGap(gap: Gap): Uint8Array {
  return Buffer.from(`${JSON.stringify(gap)}\n`, 'utf8');
}

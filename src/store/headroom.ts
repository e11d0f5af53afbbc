/** Bytes on the disk that stores leave free: with less they take nothing more, and can still delete and acknowledge. */
export const headroomBytes = { edge: 16 * 2 ** 20, cloud: 32 * 2 ** 20 } as const;

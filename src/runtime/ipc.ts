/** A parent process and its children, joined by node-ipc over a Unix socket. */
export { type ChildHost, type HostEvents, type HostOptions, hostChildren } from './ipc-host.ts';
export { type JoinEvents, type JoinOptions, joinParent, type ParentLink } from './ipc-join.ts';
export { isStaleSocket } from './ipc-stale.ts';
export type { IpcMessage } from './ipc-wire.ts';

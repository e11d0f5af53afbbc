/** The part of the table of errors that is about keys, certificates and tokens; the whole of it stands in errors.ts. */
import type { ErrorCodeEntry } from './errors.ts';

const failed = 1;
const wrongInput = 2;

export const identityErrors = {
  'keys-unreadable': {
    meaning: 'A file of the keys directory is missing, cannot be read, or is not what it should be.',
    advice:
      '`fogrun keys list` shows what is there; `fogrun keys init` and `fogrun keys device NAME` make what is missing.',
    exit: wrongInput,
  },
  'keys-unwritable': {
    meaning: 'The keys directory cannot be written.',
    advice: 'Check its owner, its permissions and the free space, or name another with --dir.',
    exit: failed,
  },
  'keys-exist': {
    meaning: 'There is a certificate authority in the keys directory already.',
    advice: 'Use it, or name another directory with --dir: devices that trust this one would trust no other.',
    exit: wrongInput,
  },
  'key-unknown': {
    meaning: 'The keys directory has no device, server or token of that name.',
    advice: '`fogrun keys list` shows the names.',
    exit: wrongInput,
  },
  'identity-mismatch': {
    meaning: 'A pipeline names another edge than its certificate does.',
    advice:
      'Leave `edge` (EDGE_ID) empty and the name is that of the certificate; or make a certificate for that name.',
    exit: wrongInput,
  },
  'identity-denied': {
    meaning: 'An edge claimed a name that is not the one of its certificate or token.',
    advice:
      'Find out who does that: the audit log of the cloud has it. A device needs a certificate of its own.',
    exit: failed,
  },
  'certificate-missing': {
    meaning: 'The other side showed neither a certificate nor a token, and needs one.',
    advice: '`fogrun keys device NAME` makes a certificate, `fogrun keys token NAME` a token.',
    exit: failed,
  },
  'certificate-untrusted': {
    meaning: 'The certificate of the other side is not from the authority that this side trusts.',
    advice: 'Both sides need certificates of one authority: compare the `ca.crt` of both.',
    exit: failed,
  },
  'certificate-name': {
    meaning: 'The certificate of the other side is for another name than the one that was dialled.',
    advice: 'Add the name with `fogrun keys renew server HOST`, or dial a name that is in it.',
    exit: failed,
  },
  'certificate-time': {
    meaning: 'A certificate is not valid at this time: it has expired, or begins later than the clock says.',
    advice: 'Check the clocks of both sides; `fogrun keys renew NAME` makes a new certificate.',
    exit: failed,
  },
  'certificate-revoked': {
    meaning: 'The certificate or token was revoked.',
    advice: 'If that was right, nothing; if not, `fogrun keys device NAME` makes a new certificate.',
    exit: failed,
  },
  'token-unknown': {
    meaning: 'The token that an edge showed is not known to the cloud.',
    advice: '`fogrun keys token NAME` makes a new one, to be set as FOGRUN_TOKEN on the device.',
    exit: failed,
  },
  'tls-mismatch': {
    meaning: 'One side speaks TLS and the other plain TCP.',
    advice: 'Set FOGRUN_TLS (`tls`) on both sides, or on neither.',
    exit: failed,
  },
  'tls-failed': {
    meaning: 'The TLS handshake failed.',
    advice: 'The reason says why; both sides must speak TLS 1.3.',
    exit: failed,
  },
} as const satisfies Record<string, ErrorCodeEntry>;

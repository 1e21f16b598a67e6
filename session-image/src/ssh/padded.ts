import { poolPadding } from '@netpilot/control-plane/wire/packet-padding.ts';

// For good: in the one file of the agent, modules run in the order of their imports, and ssh2 when it is first asked for.
poolPadding();

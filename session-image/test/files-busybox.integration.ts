import { describeFiles } from './files-conformance.ts';
import { demoRouter } from './files-demo-router.ts';

describeFiles({
  name: 'a router with BusyBox and Dropbear',
  road: { road: 'shell', bytes: 'shell' },
  start: demoRouter,
});

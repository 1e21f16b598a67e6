import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const api = { target: `http://127.0.0.1:${process.env['NETPILOT_PORT'] ?? '8080'}`, ws: true };

export default defineConfig({
  base: '/',
  plugins: [react()],
  server: { proxy: { '/api': api } },
  // The page is served under a policy without inline scripts or data fonts, so nothing may be inlined.
  build: { outDir: 'dist', emptyOutDir: true, assetsInlineLimit: 0, target: 'es2022', chunkSizeWarningLimit: 1_000 },
});

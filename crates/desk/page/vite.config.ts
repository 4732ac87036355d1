import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

// The files have fixed names: the phone serves them with `no-store`, and what an earlier build left is overwritten.
export default defineConfig({
  plugins: [svelte()],
  build: {
    emptyOutDir: false,
    target: 'es2022',
    // A data URL would be refused by the content security policy.
    assetsInlineLimit: 0,
    modulePreload: false,
    rollupOptions: {
      output: {
        entryFileNames: 'page.js',
        assetFileNames: 'page[extname]',
        banner: '/* Trialog, MIT. With Svelte: MIT, Copyright (c) 2016-2026 Svelte contributors. */',
      },
    },
  },
})

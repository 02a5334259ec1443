// The page begins here.

import { mount } from 'svelte';
import App from './ui/App.svelte';
import { startNavigation } from './ui/navigate.svelte';
import { startLanguage } from './ui/text/text.svelte';
import './ui/theme.css';
import './ui/base.css';

startLanguage(new URLSearchParams(location.search), navigator.languages);
startNavigation();

// A page that the browser kept and shows again has lost its connections: begin anew.
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});

const target = document.getElementById('app');
if (!target) throw new Error('main: index.html has no element #app');
mount(App, { target });

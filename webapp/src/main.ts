// The page begins here.

import './ui/theme.css';
import './ui/base.css'; // before the components' own styles, which refine it
import { mount } from 'svelte';
import App from './ui/App.svelte';
import { startNavigation } from './ui/navigate.svelte';
import { startLanguage } from './ui/text/text.svelte';

startLanguage(new URLSearchParams(location.search), navigator.languages);
startNavigation();

const target = document.getElementById('app');
if (!target) throw new Error('main: index.html has no element #app');
mount(App, { target });

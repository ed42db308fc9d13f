/** The studio begins here. */
import './trusted';
import './look/page.css';

import { mount } from 'svelte';

import App from './App.svelte';
import { theme } from './state/theme.svelte';

theme.show();

const target = document.getElementById('studio');
if (target) mount(App, { target });

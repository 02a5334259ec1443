// The page begins here.
document.title = 'Parley';

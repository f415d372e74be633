// What clients saw of a store.

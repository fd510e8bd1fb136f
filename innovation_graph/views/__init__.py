"""Views: pages and pictures of networks and tables."""

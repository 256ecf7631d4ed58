"""Mails, mailboxes, saved pages and calendars."""
